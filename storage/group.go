package storage

import "time"

// Group is people who are spoken of together. Its name is unique whatever its
// case; tokens carry it as it is spelled here, and access rules speak of it.
type Group struct {
	ID   ID
	Name string
	// DisplayName and Description are for people; they may be empty.
	DisplayName string
	Description string
	// Source is what made the group, and ExternalID its id there.
	Source     MembershipSource
	ExternalID string
	// Roles are what every member has by it, in order.
	Roles     []string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MembershipSource names what made a person a member of a group. Each takes away
// only what it gave: a person is a member as long as one of them says so.
type MembershipSource string

// The sources; those of provisioning are followed by the name of a client or provider.
const (
	SourceManual   MembershipSource = ""       // an operator's word
	SourceImport   MembershipSource = "import" // a file that people came with
	SourceSCIM     MembershipSource = "scim:"
	SourceUpstream MembershipSource = "upstream:"
)

// String returns the name of the source for people.
func (s MembershipSource) String() string {
	if s == SourceManual {
		return "manual"
	}
	return string(s)
}

// Membership is one source's word that a person is a member of a group.
type Membership struct {
	GroupID ID
	UserID  ID
	Source  MembershipSource
	AddedAt time.Time
}

// Member is a person as a member of a group.
type Member struct {
	UserID   ID
	Email    string
	Username string
	Sources  []MembershipSource // that say so, in order
	AddedAt  time.Time          // when the first of them did
}

// GroupOf is a group as one of its members has it.
type GroupOf struct {
	ID          ID
	Name        string
	DisplayName string
	Roles       []string           // that it gives, in order
	Sources     []MembershipSource // that say so, in order
	AddedAt     time.Time          // when the first of them did
}
