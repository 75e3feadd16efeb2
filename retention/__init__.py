"""What personal data the house keeps, why, for how long, and the job that deletes it when its time is over (E16)."""
