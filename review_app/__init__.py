"""The review app: Streamlit screens over the use cases of `core`."""
