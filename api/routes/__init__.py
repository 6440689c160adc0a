"""One module per subject; `ROUTERS` is what the application includes."""

from api.routes import health, models, page, predictions

ROUTERS = (health.router, models.router, predictions.router, page.router)
