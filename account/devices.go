package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// TrustedDevices keeps browsers that people trust; storage/sqlstore.TrustedDevices in
// the binary.
type TrustedDevices interface {
	// Create answers storage.ErrConflict when the password epoch is another.
	Create(ctx context.Context, d *storage.TrustedDevice, e storage.Event) error
	Delete(ctx context.Context, userID, id storage.ID, e storage.Event) error
	DeleteAll(ctx context.Context, userID storage.ID, e storage.Event) error
}

// TrustDevice trusts the actor's browser, for as long as policy says, in the name
// of the class that the person reached. It returns the cookie's value and its
// end; mfa.ErrNotOffered where policy does not let it, or the password was
// changed meanwhile.
func (s *Service) TrustDevice(ctx context.Context, by Actor, id storage.ID, acr string) (string, time.Time, error) {
	c, err := s.begin(ctx, by, trustDevice, id)
	if errors.Is(err, ErrChanged) {
		return "", time.Time{}, mfa.ErrNotOffered
	}
	if err != nil {
		return "", time.Time{}, err
	}
	value, device, err := s.cfg.Trust.New(c.user, acr, c.now)
	if err != nil {
		return "", time.Time{}, err
	}
	device.UserAgent, device.Address = by.from.UserAgent, by.from.Address
	err = s.cfg.Trusted.Create(ctx, device, c.event)
	if errors.Is(err, storage.ErrConflict) {
		return "", time.Time{}, mfa.ErrNotOffered
	}
	return value, device.ExpiresAt, s.written(c, "trust device", err)
}

// ForgetDevice ends trust in one of the person's browsers. It answers ErrNotFound.
func (s *Service) ForgetDevice(ctx context.Context, by Actor, id, device storage.ID) error {
	c, err := s.begin(ctx, by, forgetDevice, id)
	if err != nil {
		return err
	}
	c.detail(fmt.Sprintf("device %s", device))
	return s.written(c, "forget trusted device", s.cfg.Trusted.Delete(ctx, id, device, c.event))
}

// ForgetDevices ends trust in all of the person's browsers. It answers
// ErrNotFound where there is none.
func (s *Service) ForgetDevices(ctx context.Context, by Actor, id storage.ID) error {
	c, err := s.begin(ctx, by, forgetDevice, id)
	if err != nil {
		return err
	}
	return s.written(c, "forget trusted devices", s.cfg.Trusted.DeleteAll(ctx, id, c.event))
}
