package storage

// SealedKind says what sealed values are: where they stand, and so what they are sealed to.
type SealedKind string

// The kinds of sealed values that outlive a sign-in.
const (
	SealedSigningKeys SealedKind = "signing_keys"
	SealedFactors     SealedKind = "credentials"
	SealedMessages    SealedKind = "messages"
)

// SealedKinds are all of them.
func SealedKinds() []SealedKind {
	return []SealedKind{SealedSigningKeys, SealedFactors, SealedMessages}
}

// SealedValue is a value that is encrypted at rest.
type SealedValue struct {
	// Key is that of its row, and Owner whose row it is, where it is somebody's.
	Key   string
	Owner ID
	// Sealed is the value as keys.Sealer made it.
	Sealed string
}
