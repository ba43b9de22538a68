"""What people may be granted on the LLM side; decides nothing by itself."""

from blog.app.auth.permissions import permission

LLM_READ = permission("llm.read", "See providers, models, prompt parts, actions and runs")
LLM_RUN = permission("llm.run", "Run actions with given inputs")
LLM_CONFIGURE = permission("llm.configure", "Change providers, models, prompt parts and actions")
LLM_RETAIN = permission("llm.retain", "Decide how long runs are kept")
