package storage

// ImportedUser is a person who comes from another system, with what they sign
// in with there.
type ImportedUser struct {
	User        User
	Credentials []Credential
	Event       Event
}
