package storage

import "time"

// Provisioned is a person as the source of provisioning knows them that made them.
type Provisioned struct {
	UserID ID
	Source MembershipSource
	// UserName is as the source spells it, and unique within the source in any case.
	UserName string
	// ExternalID is their id there; empty: it has none.
	ExternalID string
	// Email is the address that the source gives them, in any spelling; empty: it gives
	// none. That of the account may be another by now.
	Email string
	// Document is what else the source said of them: a JSON object.
	Document string
	// Version rises with each change that the source makes.
	Version int64
	// DeactivatedAt is the time of the disabling that the source asked for (see
	// User.DisabledAt); zero: it asked for none.
	DeactivatedAt time.Time
	// DeletedAt is when the source deleted them; zero: it did not. It does not see them
	// from then on.
	DeletedAt time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Deactivated reports whether a person is kept out by the word of the source, and so
// may be let in by it: what others shut it does not open.
func (p *Provisioned) Deactivated(u *User) bool {
	return !p.DeactivatedAt.IsZero() && p.DeactivatedAt.Equal(u.DisabledAt)
}

// ProvisionedUser is a person with what their source knows of them.
type ProvisionedUser struct {
	Provisioned
	User User
}

// ProvisionedKey is what people of a source are found by; of its fields one is set.
type ProvisionedKey struct {
	ID ID
	// UserName and Email are taken in any case.
	UserName, Email string
	ExternalID      string
	// Deleted finds those whom the source deleted too.
	Deleted bool
}

// SourcePage is a page of what a source made, in the order of ids.
type SourcePage struct {
	Source MembershipSource
	// After is the id of the last one of the page before; empty is the first page.
	After ID
	// Skip is how many are passed over from there.
	Skip, Limit int
}

// PersonEdit changes several things of a person at once, or none. What is nil or empty
// stays as it is.
type PersonEdit struct {
	UserID ID
	// PasswordEpoch is as in [CredentialChange].
	PasswordEpoch int64
	// If judges the person as they are when nobody else can change them any more; its
	// error is the answer, and nothing is changed.
	If func(*User) error
	// Email gives them another address, and VerifyEmail notes that this one is theirs.
	Email       *EmailChange
	VerifyEmail string
	Profile     *ProfileChange
	Attributes  *AttributesChange
	// Roles replaces those by an operator's word.
	Roles *[]string
	// Provisioned is what the source knows of them from now on; it answers
	// [ErrConsumed] when its version is another by now.
	Provisioned *Provisioned
	// Adopt says that no source knew them before; it answers [ErrConflict] when one does
	// by now, whoever it is.
	Adopt bool
	// Enable lets them in again, and Keep takes a planned deletion back.
	Enable, Keep bool
	// Disable keeps them out, and ends everything that they hold.
	Disable bool
	Now     time.Time
}

// Deprovision is the end of a person at the source that made them.
type Deprovision struct {
	// Provisioned is as the source read it.
	Provisioned Provisioned
	// PasswordEpoch is as in [CredentialChange], and If as in [PersonEdit].
	PasswordEpoch int64
	If            func(*User) error
	// DeleteAt is when the account goes.
	DeleteAt time.Time
	Now      time.Time
}

// GroupEdit changes a group and who is in it by the word of a source at once.
type GroupEdit struct {
	// Group is as it is to be; its UpdatedAt is that of the group as it was read.
	Group Group
	// Source is whose members are changed.
	Source      MembershipSource
	Add, Remove []ID
	// Replace removes all members of the source that Add does not name.
	Replace bool
	Now     time.Time
}
