package storage

// Identifier is what the person signs in with: their address, or where they have none
// their username.
func (u *User) Identifier() string {
	if u.Email != "" {
		return u.Email
	}
	return u.Username
}
