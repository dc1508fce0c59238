"""What suppliers are shown of lift, as documents: PDF and XLSX."""
