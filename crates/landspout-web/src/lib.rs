//! Web applications: routes, middleware, templates, static files, server-sent events.
