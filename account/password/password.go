// Package password says which passwords are taken, and makes and checks their
// verifiers: Argon2id (RFC 9106), as PHC strings that tell their own cost.
// Verifiers of other systems are checked too, and replaced at the first sign-in.
//
// Invariants:
//
//   - No more hashes are computed at once than the configuration allows; the
//     others wait, and give up in time. A flood of sign-ins cannot exhaust memory.
//   - A password is normalized (RFC 8265 OpaqueString, NIST SP 800-63B-4 section
//     3.1.1.2) before it is hashed, and compared byte for byte, in constant time.
//   - The cost that a stored verifier asks for is bounded before it is paid.
package password

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// ErrBusy says that no hash could be begun within the queue's deadline: the
// caller answers 503.
var ErrBusy = errors.New("too many passwords are being hashed")

// errMalformed says that a stored verifier is none.
var errMalformed = errors.New("malformed password verifier")

// Params is the cost of a hash.
type Params struct {
	// MemoryKiB is the memory of one hash, Time the passes over it,
	// Parallelism its lanes.
	MemoryKiB   uint32
	Time        uint32
	Parallelism uint8
}

// The least cost that OWASP recommends, and the most that a stored verifier is
// allowed to ask of us.
const (
	minMemoryKiB   = 19 << 10
	minTime        = 2
	maxMemoryKiB   = 1 << 20
	maxTime        = 16
	maxParallelism = 16
)

// argon2id is how verifiers of ours begin.
const argon2id = "argon2id"

const (
	saltSize = 16
	hashSize = 32
)

// Config is what a [Hasher] is made of.
type Config struct {
	Params
	// MaxConcurrent bounds the hashes computed at once; their memory adds up.
	MaxConcurrent int
	// QueueTimeout is how long a hash waits for its turn.
	QueueTimeout time.Duration
	Random       io.Reader
	// Observe is shown how long each hash waited for its turn, and whether it was
	// refused. It may be nil.
	Observe func(waited time.Duration, refused bool)
}

// Hasher makes and checks verifiers.
type Hasher struct {
	cfg   Config
	turns chan struct{}
	dummy string
	// waiting is how many wait for a turn.
	waiting atomic.Int64
}

// New makes a Hasher. It refuses a cost below the recommended least.
func New(cfg Config) (*Hasher, error) {
	if cfg.MemoryKiB < minMemoryKiB || cfg.Time < minTime || cfg.Parallelism < 1 {
		return nil, fmt.Errorf("password hashing costs too little: want at least %d KiB, %d passes, 1 lane", minMemoryKiB, minTime)
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.MaxConcurrent < 1 || cfg.QueueTimeout <= 0 {
		return nil, errors.New("password hashing: max_concurrent and queue_timeout must be positive")
	}
	h := &Hasher{cfg: cfg, turns: make(chan struct{}, cfg.MaxConcurrent)}
	// A verifier that no password fits, at the same cost as a new one.
	h.dummy = verifier{Params: cfg.Params, salt: make([]byte, saltSize), hash: make([]byte, hashSize)}.String()
	return h, nil
}

// check bounds what a hash may cost.
func (p Params) check() error {
	if p.MemoryKiB > maxMemoryKiB || p.Time > maxTime || p.Parallelism > maxParallelism ||
		p.Time < 1 || p.Parallelism < 1 || p.MemoryKiB < 8*uint32(p.Parallelism) {
		return fmt.Errorf("%w: cost m=%d,t=%d,p=%d is out of bounds", errMalformed, p.MemoryKiB, p.Time, p.Parallelism)
	}
	return nil
}

// Hash returns a verifier of the password. It answers ErrBusy, or the context's
// error.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	v := verifier{Params: h.cfg.Params, salt: make([]byte, saltSize)}
	if _, err := io.ReadFull(h.cfg.Random, v.salt); err != nil {
		return "", fmt.Errorf("read randomness for a password: %w", err)
	}
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	v.hash = v.derive(ident.NormalizePassword(password), hashSize)
	return v.String(), nil
}

// Verdict is the outcome of checking a password.
type Verdict struct {
	// Fits says that the password is right.
	Fits bool
	// Outdated says that the verifier fits and is to be replaced: it was made at
	// another cost than new ones, by another system, or of a password as it was
	// typed, before passwords were normalized.
	Outdated bool
}

// Check says whether the password fits the verifier: normalized, or else as
// it was typed, as older verifiers and those of other systems have it. An error
// (ErrBusy, the context's, or a malformed verifier) says nothing of the password.
//
// Timing side channel: a password in another than the normal form costs two
// hashes, of whatever verifier, a decoy's too, so that time tells only of what
// was typed.
func (h *Hasher) Check(ctx context.Context, encoded, password string) (Verdict, error) {
	c, err := recognize(encoded)
	if err != nil {
		return Verdict{}, err
	}
	done, err := h.turn(ctx)
	if err != nil {
		return Verdict{}, err
	}
	defer done()
	normal := ident.NormalizePassword(password)
	switch {
	case c.fits(normal):
		return Verdict{Fits: true, Outdated: h.needsRehash(encoded)}, nil
	case normal != password && c.fits(password):
		return Verdict{Fits: true, Outdated: true}, nil
	}
	return Verdict{}, nil
}

// Verify reports whether the password fits the verifier; see [Hasher.Check].
func (h *Hasher) Verify(ctx context.Context, encoded, password string) (bool, error) {
	verdict, err := h.Check(ctx, encoded, password)
	return verdict.Fits, err
}

// VerifyDummy does the work of Check for a person who does not exist, so that
// time does not tell (requirement EN2).
func (h *Hasher) VerifyDummy(ctx context.Context, password string) error {
	_, err := h.Verify(ctx, h.dummy, password)
	return err
}

// Current is how verifiers of today's cost begin: those that take the time of
// [Hasher.VerifyDummy] to check.
func (h *Hasher) Current() string {
	cost, _, _ := strings.Cut(h.dummy[len("$"+argon2id+"$v=19$"):], "$")
	return h.dummy[:len("$"+argon2id+"$v=19$")] + cost + "$"
}

// needsRehash reports whether a verifier was made at another cost than new
// ones, or by another system.
func (h *Hasher) needsRehash(encoded string) bool {
	v, err := parse(encoded)
	return err != nil || v.Params != h.cfg.Params || len(v.hash) != hashSize
}

// turn waits until a hash may be computed; done ends the turn. The garbage of a
// hash is left to the collector: the memory limit of the process bounds it.
func (h *Hasher) turn(ctx context.Context) (done func(), err error) {
	select {
	case h.turns <- struct{}{}:
		h.observe(0, nil)
		return h.endTurn, nil
	default:
	}
	h.waiting.Add(1)
	defer h.waiting.Add(-1)
	began := time.Now()
	deadline := time.NewTimer(h.cfg.QueueTimeout)
	defer deadline.Stop()
	select {
	case h.turns <- struct{}{}:
		h.observe(time.Since(began), nil)
		return h.endTurn, nil
	case <-deadline.C:
		h.observe(time.Since(began), ErrBusy)
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}

func (h *Hasher) endTurn() { <-h.turns }

func (h *Hasher) observe(waited time.Duration, err error) {
	if h.cfg.Observe != nil {
		h.cfg.Observe(waited, err != nil)
	}
}

// Queue returns how many hashes are computed now, and how many wait for that.
func (h *Hasher) Queue() (computing, waiting int) { return len(h.turns), int(h.waiting.Load()) }

// verifier is a PHC string, taken apart:
// $argon2id$v=19$m=47104,t=2,p=1$salt$hash.
type verifier struct {
	Params
	salt, hash []byte
}

// derive computes a hash.
func (v verifier) derive(password string, size int) []byte {
	return argon2.IDKey([]byte(password), v.salt, v.Time, v.MemoryKiB, v.Parallelism, uint32(size))
}

func (v verifier) fits(password string) bool {
	return subtle.ConstantTimeCompare(v.derive(password, len(v.hash)), v.hash) == 1
}

var phcBase64 = base64.RawStdEncoding.Strict()

// String implements fmt.Stringer.
func (v verifier) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, v.MemoryKiB, v.Time, v.Parallelism,
		phcBase64.EncodeToString(v.salt), phcBase64.EncodeToString(v.hash))
}

func parse(encoded string) (verifier, error) {
	var v verifier
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != argon2id || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return v, errMalformed
	}
	if err := v.parseParams(parts[3]); err != nil {
		return v, err
	}
	var err1, err2 error
	v.salt, err1 = phcBase64.DecodeString(parts[4])
	v.hash, err2 = phcBase64.DecodeString(parts[5])
	if err := errors.Join(err1, err2); err != nil {
		return v, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if len(v.salt) < 8 || len(v.salt) > 64 || len(v.hash) < 16 || len(v.hash) > 64 {
		return v, fmt.Errorf("%w: salt of %d and hash of %d bytes", errMalformed, len(v.salt), len(v.hash))
	}
	return v, nil
}

// parseParams reads "m=47104,t=2,p=1".
func (v *verifier) parseParams(text string) error {
	fields := strings.Split(text, ",")
	if len(fields) != 3 {
		return errMalformed
	}
	var numbers [3]uint64
	for i, name := range []string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(fields[i], name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil {
			return errMalformed
		}
		numbers[i] = n
	}
	if numbers[2] > maxParallelism {
		return fmt.Errorf("%w: %d lanes", errMalformed, numbers[2])
	}
	v.Params = Params{MemoryKiB: uint32(numbers[0]), Time: uint32(numbers[1]), Parallelism: uint8(numbers[2])}
	return v.check()
}
