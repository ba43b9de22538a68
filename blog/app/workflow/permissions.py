"""What one may do with the workflow; which roles may is rows."""

from blog.app.auth.permissions import permission
from blog.app.translation import N_

AUTOMATE = permission("workflow.automate", N_("Start actions on fields one may edit"))
CONFIGURE = permission("workflow.configure", N_("Change stages and fields"))
