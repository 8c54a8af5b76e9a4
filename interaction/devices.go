package interaction

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

const (
	deviceKind, deviceCodeKind = "device", "device-code"
	// DeviceLifetime is how long a person has to type the code of their device.
	DeviceLifetime = 10 * time.Minute
	// deviceCodeLifetime is how long a device that polls is told that its code expired:
	// after that it is like one that never was.
	deviceCodeLifetime = 2 * DeviceLifetime
	// DeviceInterval is how long a device waits between two polls, in seconds, and by how
	// much longer after each time that it did not (RFC 8628 section 3.5).
	DeviceInterval = 5
	// MaxDeviceInterval bounds how slow it is told to be: beyond that it is merely refused.
	MaxDeviceInterval = 60
	// userCodeAttempts is how often another user code is tried where one is taken.
	userCodeAttempts = 5
)

// Devices keeps what devices ask for. Its methods may be called concurrently. A request
// is kept under the keyed hash of its user code, to which the keyed hash of its device
// code leads: who reads the store learns no device code.
type Devices struct {
	requests *ephemeral.Values[DeviceRequest]
	codes    *ephemeral.Values[string] // user codes, by device code
	random   io.Reader
}

// NewDevices makes the Devices.
func NewDevices(store ephemeral.Store, hasher ephemeral.Hasher) *Devices {
	return &Devices{
		requests: ephemeral.NewValues[DeviceRequest](store, hasher, deviceKind, DeviceLifetime),
		codes:    ephemeral.NewIssued[string](store, hasher, deviceCodeKind, deviceCodeLifetime),
		random:   rand.Reader,
	}
}

// Start keeps a new request, gives it a user code and an interval, and returns its
// device code.
func (s *Devices) Start(ctx context.Context, d *DeviceRequest) (deviceCode string, err error) {
	d.ExpiresAt, d.Interval = d.AskedAt.Add(DeviceLifetime), DeviceInterval
	for range userCodeAttempts {
		if d.UserCode, err = newUserCode(s.random); err != nil {
			return "", err
		}
		if err = s.requests.PutNew(ctx, d.UserCode, *d, DeviceLifetime); !errors.Is(err, storage.ErrConflict) {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("keep request of a device: %w", err)
	}
	deviceCode = s.codes.NewID()
	if _, err := s.codes.Put(ctx, deviceCode, d.UserCode); err != nil {
		return "", fmt.Errorf("keep request of a device: %w", err)
	}
	return deviceCode, nil
}

// newUserCode draws each letter evenly.
func newUserCode(random io.Reader) (string, error) {
	code := make([]byte, userCodeLength)
	for i := range code {
		n, err := rand.Int(random, big.NewInt(int64(len(userCodeAlphabet))))
		if err != nil {
			return "", fmt.Errorf("draw user code: %w", err)
		}
		code[i] = userCodeAlphabet[n.Int64()]
	}
	return string(code), nil
}

// ByUserCode returns the request whose code somebody typed, in any spelling; it answers
// storage.ErrNotFound where there is none.
func (s *Devices) ByUserCode(ctx context.Context, typed string) (*DeviceRequest, error) {
	code := NormalizeUserCode(typed)
	if code == "" {
		return nil, fmt.Errorf("find request of a device: %w", storage.ErrNotFound)
	}
	d, version, err := s.requests.Get(ctx, code)
	if err != nil {
		return nil, fmt.Errorf("find request of a device: %w", err)
	}
	d.version = version
	return &d, nil
}

// ErrDeviceExpired says that a request was there, and that nobody decided in time.
var ErrDeviceExpired = errors.New("the request of the device has expired")

// ByDeviceCode returns the request of a device that polls. It answers
// storage.ErrNotFound for a code that is none, or was redeemed, [ErrDeviceExpired] for
// one that is too old, and keys.ErrUnknownKey where this node cannot tell.
func (s *Devices) ByDeviceCode(ctx context.Context, deviceCode string) (*DeviceRequest, error) {
	userCode, _, err := s.codes.Get(ctx, deviceCode)
	if err != nil {
		return nil, fmt.Errorf("find code of a device: %w", err)
	}
	d, err := s.ByUserCode(ctx, userCode)
	if !errors.Is(err, storage.ErrNotFound) {
		return d, err
	}
	// The two are forgotten one after the other when a code is redeemed, its own first:
	// one that was there a moment ago is redeemed, and not too old.
	if _, _, err := s.codes.Get(ctx, deviceCode); err != nil {
		return nil, fmt.Errorf("find code of a device: %w", err)
	}
	return nil, ErrDeviceExpired
}

// Update changes a request by compare-and-swap. It answers storage.ErrConflict where
// somebody else changed it since it was read.
func (s *Devices) Update(ctx context.Context, d *DeviceRequest, change func(*DeviceRequest)) error {
	next := *d
	change(&next)
	version, err := s.requests.Swap(ctx, d.version, next)
	if err != nil {
		return fmt.Errorf("change request of a device: %w", err)
	}
	next.version = version
	*d = next
	return nil
}

// Decide decides a request that is pending at now, once: of any number of people who
// decide, in any number of browsers, one does. The others, and whoever comes when it is
// over, get storage.ErrNotFound.
func (s *Devices) Decide(ctx context.Context, of *Device, now time.Time, decide func(*DeviceRequest)) error {
	for range swapAttempts {
		d, err := s.ByUserCode(ctx, of.UserCode)
		if err != nil {
			return err
		}
		if d.ID != of.ID || !d.Pending(now) {
			return fmt.Errorf("decide request of a device: %w", storage.ErrNotFound)
		}
		if err = s.Update(ctx, d, decide); !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("decide request of a device: %w", storage.ErrConflict)
}

// Redeem takes a device code: of many polls one does, the others get
// storage.ErrNotFound.
func (s *Devices) Redeem(ctx context.Context, deviceCode string) error {
	if _, err := s.codes.Take(ctx, deviceCode); err != nil {
		return fmt.Errorf("redeem device code: %w", err)
	}
	return nil
}

// Forget drops a request that was redeemed.
func (s *Devices) Forget(ctx context.Context, d *DeviceRequest) error {
	return s.requests.TakeIf(ctx, d.version)
}

// Hash is the keyed hash of a device code, for the grant that it turns into.
func (s *Devices) Hash(deviceCode string) (string, error) { return s.codes.Hash(deviceCode) }
