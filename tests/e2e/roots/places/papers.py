def distil():
    """Distil a model.

    The method of :pith:`2402.13116`.
    """
