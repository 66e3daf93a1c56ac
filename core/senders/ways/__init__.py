"""Every client of ``core.senders`` as a ``Way`` of campaigns: parcels in, what became of each out."""
