"""What results look like: charts and maps of cells, in one style; knows no store and no person."""
