"""One module per subject; `ROUTERS` is what the application includes."""

from api.routes import batch, health, marts, metrics, mlflow, models, open_inference, page

ROUTERS = (
    health.router,
    metrics.router,
    models.router,
    batch.router,
    marts.router,
    open_inference.router,
    mlflow.router,
    page.router,
)
