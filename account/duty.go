package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// Duty is what somebody may do to the accounts of others: a set of bits.
type Duty uint

// The duties. None includes another.
const (
	// DutyHelpDesk unlocks and resets factors, and ends sessions and trust in devices.
	DutyHelpDesk Duty = 1 << iota
	// DutyPeople makes, changes, disables and deletes accounts, and gives people roles.
	DutyPeople
	// DutyGroups makes and changes groups, and says who is in them.
	DutyGroups
	// DutySystem has messages tried and events brought again, and rotates and revokes signing keys.
	DutySystem
	// DutyClients makes, changes and deletes the clients of the database.
	DutyClients
	// DutyOwner reaches those who have a duty themselves, and says who has one.
	DutyOwner
)

// Administering is the actor with duties over the accounts of others, which whoever
// calls it has found that they have. Of their own account they may then change nothing
// (separation of duties: nobody raises themselves, requirement AD1).
func (a Actor) Administering(d Duty) Actor {
	a.administers, a.duties = true, d
	return a
}

// Proving is a person who administers, on pages or by an access token: for changes that
// are grave they show proofs that are fresh and reach the class (step-up, requirement FE1).
// Clients that act for themselves have none to show: what they may do is configured.
func (a Actor) Proving(acr string) Actor {
	a.proves = acr
	return a
}

// FreshToAdminister reports whether the actor's proofs allow grave changes to the
// accounts of others, so that a page can ask for them in advance. It answers nil, or a
// [StaleError] as the change would.
func (s *Service) FreshToAdminister(by Actor) error {
	if by.proves == "" || mfa.AtLeast(by.reached(s.cfg.Now(), s.cfg.Policy), by.proves) {
		return nil
	}
	return &StaleError{Needs: by.proves}
}

// Administers reports whether the person has a duty over others, by their roles.
func (s *Service) Administers(user *storage.User) bool { return s.administrative(user.Roles) }

func (s *Service) administrative(roles []string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(s.cfg.AdminRoles, role) })
}

// mayAdminister decides whether the actor's duties allow something to a person's account.
func (s *Service) mayAdminister(by Actor, act action, user *storage.User) bool {
	return by.duties&act.duty != 0 && s.Reaches(by, user)
}

// Reaches reports whether the actor's duties reach the person at all: nobody's reach
// themselves, and only an owner's those who administer.
func (s *Service) Reaches(by Actor, user *storage.User) bool {
	return !by.is(user.ID) && (by.duties&DutyOwner != 0 || !s.Administers(user))
}

// mayGive keeps roles that administer to owners: who else could give them would raise
// themselves by another account (privilege escalation, requirement AD1).
func (s *Service) mayGive(ctx context.Context, by Actor, c *change, roles []string) error {
	switch {
	case by.kind == storage.ActorOperator, !s.administrative(roles):
		return nil
	case by.duties&DutyOwner != 0:
		return s.FreshToAdminister(by)
	}
	return s.refuse(ctx, by, c.event.Type, c.event.UserID)
}

// notOwn keeps people from changing what a group that they are in themselves gives them:
// its roles, and its name, by which the access of clients speaks of it; so that nobody
// gets into what a rule names, or out of it (privilege escalation, requirement AD1).
func (s *Service) notOwn(ctx context.Context, by Actor, c *change, group string) error {
	if by.kind != storage.ActorPerson || by.duties&DutyOwner != 0 {
		return nil
	}
	user, err := s.cfg.Users.ByID(ctx, storage.ID(by.id))
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return fmt.Errorf("%w: %w", ErrNobody, err)
	case err != nil:
		return fmt.Errorf("read user: %w", err)
	case slices.Contains(user.Groups, group):
		return s.refuse(ctx, by, c.event.Type, "")
	}
	return nil
}
