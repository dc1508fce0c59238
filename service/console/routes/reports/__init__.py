"""Reports for the management: sales, stores, concentration, the programme, lift, who leaves."""
