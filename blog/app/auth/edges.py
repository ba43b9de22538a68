"""The edges of this package, as create_app wires them."""

from blog.app.auth import (
    access_views,
    api,
    factor_views,
    invitation_api,
    invitation_views,
    link_views,
    looking_views,
    matrix_api,
    matrix_views,
    oidc_views,
    place_api,
    place_views,
    role_api,
    role_views,
    token_views,
    views,
)

BLUEPRINTS = (
    views.bp,
    api.bp,
    token_views.bp,
    link_views.bp,
    factor_views.bp,
    oidc_views.bp,
    access_views.bp,
    place_views.bp,
    place_api.bp,
    invitation_views.bp,
    invitation_api.bp,
    role_views.bp,
    role_api.bp,
    matrix_views.bp,
    looking_views.bp,
    matrix_api.bp,
)
