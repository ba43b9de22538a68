"""The edges of this package, as create_app wires them."""

from blog.app.auth import (
    api,
    invitation_api,
    invitation_views,
    link_views,
    role_api,
    role_views,
    views,
)

BLUEPRINTS = (
    views.bp,
    api.bp,
    link_views.bp,
    invitation_views.bp,
    invitation_api.bp,
    role_views.bp,
    role_api.bp,
)
