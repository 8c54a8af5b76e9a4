package storage

import "time"

// Grant is what a person allowed a client, and the family of tokens issued
// for it. Its row is the only record of its refresh tokens: a generation
// number and a salt, never a token.
type Grant struct {
	ID       ID
	ClientID string
	UserID   ID
	SID      ID
	// CodeHash is the keyed hash of the authorization code that the grant was
	// issued for; it is unique, so a code that a failed-over cache brings back
	// still cannot be exchanged twice.
	CodeHash string
	// CodeChallenge and RedirectURI let a replay of the code be judged: only
	// one that would otherwise be valid revokes the grant.
	CodeChallenge  string
	RedirectURI    string
	Scopes         []string
	Nonce          string
	Claims         ClaimsRequest
	Authentication Authentication
	// Offline says that offline_access was granted: the grant outlives its session.
	Offline bool
	// Refreshable says that the grant has refresh tokens.
	Refreshable bool
	// Generation is the number of the live refresh token, from 1.
	Generation uint32
	// Salt is 16 random bytes that every refresh token of the grant is bound to.
	Salt []byte
	// RotatedAt is when Generation became live.
	RotatedAt     time.Time
	CreatedAt     time.Time
	IdleExpiresAt time.Time
	ExpiresAt     time.Time
	RevokedAt     time.Time // zero: live
	RevokedReason string
	// PasswordEpoch is that of the person when the code was issued: under another
	// one, or when its session has ended, no grant begins. It is not kept.
	PasswordEpoch int64
}

// Live reports whether tokens of the grant work at now.
func (g *Grant) Live(now time.Time) bool {
	return g.RevokedAt.IsZero() && now.Before(g.ExpiresAt)
}

// Consent is what a person allowed a client, to be remembered.
type Consent struct {
	ClientID  string
	Scopes    []string
	UpdatedAt time.Time
}

// Rotation is one refresh: it succeeds only if every field still holds in the
// row, in one conditional write.
type Rotation struct {
	GrantID    ID
	ClientID   string
	Generation uint32 // the generation presented; the row moves to the next
	Salt       []byte
	Now        time.Time
	// IdleExpiresAt is the idle deadline after this use.
	IdleExpiresAt time.Time
}

// GrantUser is a grant with its person, read as one.
type GrantUser struct {
	Grant Grant
	User  User
}

// Why a grant was revoked: the RevokedReason of a grant and the audit event's detail.
const (
	RevokedReuse      = "refresh_token_reuse"
	RevokedCodeReplay = "code_replay"
	RevokedByClient   = "revoked_by_client"
	RevokedSignOut    = "sign_out"
	RevokedPassword   = "password_changed"
	RevokedByUser     = "revoked_by_user"
	RevokedDisabled   = "user_disabled"
	RevokedFactors    = "factors_reset"
)
