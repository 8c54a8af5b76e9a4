package storage

import "time"

// Address is the address claim (OpenID Connect Core 5.1.1).
type Address struct {
	Formatted     string `json:"formatted,omitempty"`
	StreetAddress string `json:"street_address,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postal_code,omitempty"`
	Country       string `json:"country,omitempty"`
}

// Profile is what a person says of themselves: the standard claims of
// OpenID Connect Core 5.1 that need no proof.
type Profile struct {
	Name       string   `json:"name,omitempty"`
	GivenName  string   `json:"given_name,omitempty"`
	FamilyName string   `json:"family_name,omitempty"`
	MiddleName string   `json:"middle_name,omitempty"`
	Nickname   string   `json:"nickname,omitempty"`
	Profile    string   `json:"profile,omitempty"`
	Picture    string   `json:"picture,omitempty"`
	Website    string   `json:"website,omitempty"`
	Gender     string   `json:"gender,omitempty"`
	Birthdate  string   `json:"birthdate,omitempty"`
	Zoneinfo   string   `json:"zoneinfo,omitempty"`
	Locale     string   `json:"locale,omitempty"`
	Address    *Address `json:"address,omitempty"`
}

// User is a person with an account. ID is the sub claim: public, stable and
// never given to another person.
type User struct {
	ID            ID
	Email         string // as typed; compared in canonical form by the store
	EmailVerified bool
	// EmailEpoch rises with each change of the address and each recovery of the
	// account: it names the epoch in which an address is current and was sent links
	// that give the account back.
	EmailEpoch    int64
	Username      string // optional; becomes preferred_username
	Phone         string // E.164, or empty
	PhoneVerified bool
	// PhoneChangedAt is when the number was last set or removed; zero: never.
	PhoneChangedAt time.Time
	Profile        Profile
	// PasswordHash is an encoded password verifier (PHC string); empty means
	// that no password can sign this person in.
	PasswordHash string
	// PasswordEpoch rises with each password change and when the factors are
	// reset; what was issued under an older epoch (reset tokens, trusted devices,
	// sign-ins that go on) is void.
	PasswordEpoch int64
	// PasswordChangedAt is when the password was last set; zero where it never was.
	PasswordChangedAt time.Time
	// ResetByEmail says that the password was last set by a link sent by email: a
	// code sent to the same mailbox is then no second factor to it.
	ResetByEmail bool
	// SignedInAt is when somebody first signed in to the account; zero: never, or
	// before this was noted.
	SignedInAt time.Time
	// Roles are names that policies speak of: which people need a second factor.
	// They are those given to the person and those given to their groups, in order.
	Roles []string
	// Groups are the names of the groups that the person is a member of, in order.
	Groups []string
	// Attributes are values that the configuration has names for.
	Attributes Attributes
	// Credentials counts the authenticators and passkeys that the person enrolled,
	// and FactorAddedAt is when the newest was; zero: never. They follow from the
	// rows of credentials and stand here so that a sign-in need not count those.
	Credentials   int
	FactorAddedAt time.Time
	// FactorAskedAt is when the person was first told to enroll a second factor;
	// the grace for enrollment runs from it. Zero: never.
	FactorAskedAt time.Time
	// DeleteAt is when a deletion that the person asked for takes effect; zero: none is planned.
	DeleteAt   time.Time
	DisabledAt time.Time // zero: not disabled
	// LockedAt is when the account was locked down, because it is in wrong hands;
	// zero: it is not. Whoever is locked down is disabled.
	LockedAt time.Time
	// LockHeld says that the owner's own recovery does not lift the lockdown.
	LockHeld bool
	// DisabledToo says of who is locked down that they are disabled besides, and stay
	// so when the lockdown is lifted.
	DisabledToo bool
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Attributes are values by their names: a string, a float64, a bool, or a list of
// strings ([]any). A date is a string, 2006-01-02.
type Attributes map[string]any

// ForeignHashes tells of password hashes that other systems made, or that were
// made at another cost: checking one takes another time than checking a new one,
// by which an outsider could tell who has an account (user enumeration by timing).
type ForeignHashes struct {
	// Foreign is how many people have a foreign hash, and People how many have a
	// password at all; both are zero where nobody has a foreign one.
	People, Foreign int64
	// Sample are some of the foreign hashes.
	Sample []string
}

// Locked reports whether the account is locked down and nothing else: its recovery
// opens it.
func (u *User) Locked() bool { return !u.LockedAt.IsZero() && !u.DisabledToo }

// Disabled reports whether the account may not sign in or refresh.
func (u *User) Disabled() bool { return !u.DisabledAt.IsZero() }
