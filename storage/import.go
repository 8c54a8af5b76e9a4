package storage

// ImportedUser is a person who comes from another system, with what they sign
// in with there.
type ImportedUser struct {
	// User names the groups that they come to, by User.Groups.
	User        User
	Credentials []Credential
	Event       Event
	// NewGroups are made before, each unless there is one of its name.
	NewGroups []ImportedGroup
}

// ImportedGroup is a group that people come with.
type ImportedGroup struct {
	Group Group
	Event Event
}
