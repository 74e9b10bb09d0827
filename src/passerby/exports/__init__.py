"""What was found as pictures: films with people marked or hidden, a sheet of crops each."""
