package login

// ACRValues are the authentication context classes that a sign-in can reach.
func ACRValues() []string { return []string{acrPassword} }
