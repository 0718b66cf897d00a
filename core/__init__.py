"""AgentHER: failed agent runs in, reviewed training data out."""
