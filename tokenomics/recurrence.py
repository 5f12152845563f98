"""stub"""
def recurrence(settings, hidden_size):
    raise ValueError(f"{settings.name}: recurrent layers are not supported")
