"""What one may do with the workflow; which roles may is rows."""

from blog.app.auth.permissions import permission

AUTOMATE = permission("workflow.automate", "Start actions on fields one may edit")
CONFIGURE = permission("workflow.configure", "Change stages and fields")
