"""What every request passes before it is answered: who asks, how much at once, how it is told."""
