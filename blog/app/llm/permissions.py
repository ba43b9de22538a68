"""What people may be granted on the LLM side; decides nothing by itself."""

from blog.app.auth.permissions import permission
from blog.app.translation import N_

LLM_READ = permission("llm.read", N_("See providers, models, prompt parts, actions and runs"))
LLM_RUN = permission("llm.run", N_("Run actions with given inputs"))
LLM_CONFIGURE = permission("llm.configure", N_("Change providers, models, prompt parts and actions"))
LLM_RETAIN = permission("llm.retain", N_("Decide how long runs are kept"))
