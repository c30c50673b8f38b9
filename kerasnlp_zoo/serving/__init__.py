"""Answer HTTP requests as TensorFlow Serving does, in one process for many models.

Read in this order: `limits`, `refusals`; `tensors` and `rest`, the JSON of TensorFlow Serving; `rows` and `batching`;
`model_names` and `served_models`; `monitoring`; `app`, which joins them, and `server`, which runs it. FastAPI, uvicorn
and prometheus-client are an extra: only this package imports them.
"""
