package mfa

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// Devices keeps the browsers that people trust. Whether one stands in for a
// second factor is for [Policy.Stands] to say. The cookie holds the device's id
// and a secret that rotates at each use; a copy of it works at most until the
// next.
type Devices struct {
	cfg     Config
	limiter *attemptLimiter
}

// NewDevices makes Devices.
func NewDevices(cfg Config) *Devices { return &Devices{cfg: cfg, limiter: &attemptLimiter{cfg: cfg}} }

// devicePurpose separates the keyed hashes of devices' secrets from others.
const devicePurpose = "trusted device"

// New makes a trusted device of the person, good for as long as policy says, in
// the name of the class that they reached, with the value of its cookie; package
// account keeps it. [ErrNotOffered] where policy trusts none, or the class is that
// of a password.
func (d *Devices) New(u *storage.User, acr string, now time.Time) (string, *storage.TrustedDevice, error) {
	if d.cfg.Policy.TrustFor <= 0 || rank(acr) <= rank(ACRPassword) {
		return "", nil, ErrNotOffered
	}
	id, err := storage.NewID(now, d.cfg.Random)
	if err != nil {
		return "", nil, fmt.Errorf("name trusted device: %w", err)
	}
	value, sum, err := d.newValue(id)
	if err != nil {
		return "", nil, err
	}
	return value, &storage.TrustedDevice{
		ID: id, UserID: u.ID, SecretHash: sum,
		PasswordEpoch: u.PasswordEpoch, ACR: acr, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(d.cfg.Policy.TrustFor),
	}, nil
}

// Find returns the device that a cookie names, or storage.ErrNotFound: where
// it is another person's, was trusted under another password, or its secret
// has rotated, it does not exist. Of a secret under a hash key that this node does
// not know it cannot say that: that is keys.ErrUnknownKey (requirement KY5).
func (d *Devices) Find(ctx context.Context, value string, u *storage.User, now time.Time) (*storage.TrustedDevice, error) {
	id, secret, _ := strings.Cut(value, ".")
	sum, err := d.cfg.Hasher.SumToken(devicePurpose, secret)
	switch {
	case errors.Is(err, keys.ErrUnknownKey):
		return nil, fmt.Errorf("judge trusted device: %w", err)
	case err != nil:
		return nil, storage.ErrNotFound // of a revoked key, or no secret of ours
	}
	device, err := d.cfg.Devices.BySecret(ctx, []string{sum}, now)
	if err != nil {
		return nil, fmt.Errorf("find trusted device: %w", err)
	}
	if string(device.ID) != id || device.UserID != u.ID || device.PasswordEpoch != u.PasswordEpoch || !now.Before(device.ExpiresAt) {
		return nil, storage.ErrNotFound
	}
	return device, nil
}

// Use spends the secret that Find found the device by, and returns the next
// value of the cookie. Of many uses at once one succeeds: the others get
// [ErrSpent], and the person is asked for a second factor there.
func (d *Devices) Use(ctx context.Context, a Attempt, device *storage.TrustedDevice) (string, error) {
	value, sum, err := d.newValue(device.ID)
	if err != nil {
		return "", err
	}
	e, err := d.limiter.event(a, storage.EventDeviceTrustUsed, storage.Success, "device "+string(device.ID))
	if err != nil {
		return "", err
	}
	err = d.cfg.Devices.Rotate(ctx, device.ID, device.SecretHash, sum, a.Now, e)
	if errors.Is(err, storage.ErrConsumed) || errors.Is(err, storage.ErrNotFound) {
		return "", ErrSpent
	}
	if err != nil {
		return "", fmt.Errorf("rotate secret of a trusted device: %w", err)
	}
	return value, nil
}

// newValue makes a cookie of a device, and the keyed hash that is kept of its secret.
func (d *Devices) newValue(id storage.ID) (value, sum string, err error) {
	secret, sum, err := d.cfg.Hasher.NewToken(d.cfg.Random, devicePurpose)
	if err != nil {
		return "", "", fmt.Errorf("make secret of a trusted device: %w", err)
	}
	return string(id) + "." + secret, sum, nil
}
