package account

import (
	"context"
	"fmt"

	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// requirement is what a person must have shown to change their own account.
type requirement int

const (
	never    requirement = iota // nobody changes that of themselves
	signedIn                    // a session will do: it makes nothing weaker
	fresh                       // proofs that reach what guards the account, and are fresh
	guarded                     // fresh, whatever policy still wants enrolled: for enrollment itself
)

// action is a kind of change: how its event is called, and who may.
type action struct {
	event storage.EventType
	// self is what the person themselves needs.
	self requirement
	// token says that whoever spent a one-time token for that account may.
	token bool
	// operator and system say that these may.
	operator, system bool
	// duty says that whoever has one of these duties may, with accounts of others: see
	// [Actor.Administering].
	duty Duty
	// source says how far sources of provisioning may.
	source reach
	// grave says that a person who administers shows fresh proofs for it: it takes an
	// account or an application away, or opens it. See [Actor.Proving].
	grave bool
}

// reach is whom of those that it made a source of provisioning may change something of.
type reach int

const (
	nobody     reach = iota
	noAdmins         // all but administrators: it would sign in as one of them
	whomItMade       // administrators too: somebody who leaves is kept out, whoever they are
)

// The kinds of changes. This is the one list of who may do what to an account.
var (
	setPassword      = action{event: storage.EventPasswordChanged, self: fresh, operator: true}
	resetPassword    = action{event: storage.EventPasswordChanged, token: true}
	upgradeHash      = action{event: storage.EventPasswordUpgraded, self: signedIn}
	askEmail         = action{event: storage.EventEmailChangeAsked, self: fresh}
	moveEmail        = action{event: storage.EventEmailChanged, self: signedIn, operator: true}
	stopEmail        = action{event: storage.EventEmailChangeUndone, token: true}
	undoEmail        = action{event: storage.EventEmailChangeUndone, token: true}
	disown           = action{event: storage.EventAccountRecovered, token: true}
	askProof         = action{event: storage.EventEmailVerified, self: signedIn, operator: true, duty: DutyPeople}
	proveEmail       = action{event: storage.EventEmailVerified, self: signedIn, token: true, operator: true, duty: DutyPeople, source: noAdmins}
	askPhone         = action{event: storage.EventPhoneChanged, self: fresh}
	setPhone         = action{event: storage.EventPhoneChanged, self: signedIn}
	removePhone      = action{event: storage.EventPhoneChanged, self: fresh, operator: true, duty: DutyPeople, grave: true}
	startFactor      = action{event: storage.EventFactorAdded, self: guarded}
	addFactor        = action{event: storage.EventFactorAdded, self: guarded}
	renameFactor     = action{event: storage.EventFactorRenamed, self: fresh}
	removeFactor     = action{event: storage.EventFactorRemoved, self: fresh}
	resetFactors     = action{event: storage.EventFactorsReset, operator: true, duty: DutyHelpDesk, grave: true}
	unlockFactor     = action{event: storage.EventFactorUnlocked, operator: true, duty: DutyHelpDesk}
	replaceCodes     = action{event: storage.EventRecoveryReplaced, self: guarded}
	trustDevice      = action{event: storage.EventDeviceTrusted, self: signedIn}
	forgetDevice     = action{event: storage.EventDeviceForgotten, self: signedIn, operator: true, duty: DutyHelpDesk}
	endSession       = action{event: storage.EventSessionEnded, self: signedIn, operator: true, duty: DutyHelpDesk}
	endSessions      = action{event: storage.EventSessionsEnded, self: signedIn, operator: true, duty: DutyHelpDesk}
	signOut          = action{event: storage.EventSignOut, self: signedIn}
	allowClient      = action{event: storage.EventConsentGranted, self: signedIn}
	revokeClient     = action{event: storage.EventApplicationRevoked, self: signedIn, operator: true, duty: DutyPeople}
	changeProfile    = action{event: storage.EventProfileChanged, self: signedIn, operator: true, duty: DutyPeople, source: whomItMade}
	changeAttributes = action{event: storage.EventProfileChanged, self: signedIn, operator: true, duty: DutyPeople, source: whomItMade}
	changeUsername   = action{event: storage.EventProfileChanged, self: fresh, operator: true, duty: DutyPeople, source: noAdmins}
	changeRoles      = action{event: storage.EventRolesChanged, operator: true, duty: DutyPeople, grave: true}
	joinGroup        = action{event: storage.EventGroupJoined, operator: true, duty: DutyGroups, source: whomItMade}
	leaveGroup       = action{event: storage.EventGroupLeft, operator: true, duty: DutyGroups, source: whomItMade}
	setEmail         = action{event: storage.EventEmailChanged, operator: true, duty: DutyPeople, grave: true, source: noAdmins}
	disable          = action{event: storage.EventUserDisabled, operator: true, duty: DutyPeople, grave: true, source: whomItMade}
	enable           = action{event: storage.EventUserEnabled, operator: true, duty: DutyPeople, source: whomItMade}
	lockDown         = action{event: storage.EventLockedDown, operator: true, duty: DutyHelpDesk, grave: true}
	undoLockdown     = action{event: storage.EventLockdownLifted, operator: true, duty: DutyPeople, grave: true}
	planDeletion     = action{event: storage.EventDeletionPlanned, self: fresh, operator: true, duty: DutyPeople, grave: true, source: whomItMade}
	keepAccount      = action{event: storage.EventDeletionCancelled, self: signedIn, token: true, operator: true, duty: DutyPeople, source: whomItMade}
	issueReset       = action{event: storage.EventResetRequested, operator: true, duty: DutyPeople, grave: true}
	invite           = action{event: storage.EventInvitationCreated, operator: true, duty: DutyPeople}
	revokeInvitation = action{event: storage.EventInvitationRevoked, operator: true, duty: DutyPeople}
	retryDeliveries  = action{event: storage.EventDeliveriesRetried, operator: true, duty: DutySystem}
	replayEvents     = action{event: storage.EventEventsReplayed, operator: true, duty: DutySystem}
	rotateKey        = action{event: storage.EventSigningKeyRotated, operator: true, duty: DutySystem, grave: true}
	revokeKey        = action{event: storage.EventSigningKeyRevoked, operator: true, duty: DutySystem | DutyOwner, grave: true}
	raiseEpoch       = action{event: storage.EventEpochRaised, operator: true, duty: DutyOwner, grave: true}
	lockEverybody    = action{event: storage.EventEverybodyLocked, operator: true, duty: DutyOwner, grave: true}
	removeClient     = action{event: storage.EventClientRemoved, operator: true, system: true}
	restoreClient    = action{event: storage.EventClientRestored, operator: true, system: true}
	pruneClient      = action{event: storage.EventClientPruned, operator: true, system: true}
	lockClient       = action{event: storage.EventClientLocked, operator: true, duty: DutyOwner, grave: true}
	unlockClient     = action{event: storage.EventClientUnlocked, operator: true, duty: DutyOwner, grave: true}
	adoptUser        = action{event: storage.EventUserAdopted, source: noAdmins}
	exportData       = action{event: storage.EventDataExported, self: fresh, operator: true}
)

// authorize decides whether the actor may do something to the person's account.
// It answers ErrForbidden, which is a security event, ErrSignIn, ErrChanged or a
// [StaleError].
func (s *Service) authorize(ctx context.Context, by Actor, act action, user *storage.User) error {
	if act.token && by.holds == user.ID {
		return nil
	}
	if by.source != "" {
		if s.mayProvision(by, act, user) {
			return nil
		}
		return s.refuse(ctx, by, act.event, user.ID)
	}
	if by.administers {
		switch {
		case !s.mayAdminister(by, act, user):
			return s.refuse(ctx, by, act.event, user.ID)
		case act.grave:
			return s.FreshToAdminister(by)
		}
		return nil
	}
	switch by.kind {
	case storage.ActorPerson:
		if by.is(user.ID) && act.self != never {
			return s.judgeEvidence(by, act, user)
		}
	case visitor:
		if act.self != never {
			return ErrSignIn
		}
	case storage.ActorOperator:
		if act.operator {
			return nil
		}
	case storage.ActorSystem:
		if act.system {
			return nil
		}
	case storage.ActorClient:
	}
	return s.refuse(ctx, by, act.event, user.ID)
}

// refuse records that the actor wanted what it may not, and answers ErrForbidden.
func (s *Service) refuse(ctx context.Context, by Actor, what storage.EventType, user storage.ID) error {
	detail := fmt.Sprintf("%s %s: %s", by.kind, by.id, what)
	if err := s.Record(ctx, by, storage.EventChangeRefused, user, storage.Failure, detail); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", detail, ErrForbidden)
}

// judgeEvidence decides whether what a person showed allows a change of their
// own account.
func (s *Service) judgeEvidence(by Actor, act action, user *storage.User) error {
	if by.epoch != user.PasswordEpoch || user.Disabled() {
		return fmt.Errorf("%s: %w", act.event, ErrChanged)
	}
	if act.self == signedIn {
		return nil
	}
	needs := s.needs(user, act.self)
	if mfa.AtLeast(by.reached(s.cfg.Now(), s.cfg.Policy), needs) {
		return nil
	}
	return &StaleError{Needs: needs, Password: needs == mfa.ACRPassword && user.PasswordHash != ""}
}

// needs is the class that fresh proofs of the person must reach: that of what
// guards the account, and of what policy requires of them once it can no longer
// be put off. Enrollment wants what guards the account alone: it is how the rest
// is reached.
func (s *Service) needs(user *storage.User, r requirement) string {
	needs := s.cfg.Policy.Guards(user)
	if r == guarded || s.cfg.Policy.MayPutOff(user, s.cfg.Now()) {
		return needs
	}
	if wants := s.cfg.Policy.Wants(user, nil); !mfa.AtLeast(needs, wants) {
		return wants
	}
	return needs
}

// Fresh reports whether the evidence allows the person to change what guards
// their account, so that a page can say in advance what it will ask for. It
// answers nil, or what the change would: a [StaleError] or ErrChanged.
func (s *Service) Fresh(by Actor, user *storage.User) error {
	if !by.is(user.ID) {
		return ErrSignIn
	}
	return s.judgeEvidence(by, action{self: fresh}, user)
}

// FreshToEnroll is [Service.Fresh] for what policy may still want of the person: for
// adding a factor, and for making recovery codes.
func (s *Service) FreshToEnroll(by Actor, user *storage.User) error {
	if !by.is(user.ID) {
		return ErrSignIn
	}
	return s.judgeEvidence(by, action{self: guarded}, user)
}

// PasswordAlone reports whether a password would be all that guards the account
// with so many factors enrolled.
func (s *Service) PasswordAlone(user *storage.User, factors int) bool {
	left := *user
	left.Credentials = factors
	return s.cfg.Policy.Guards(&left) == mfa.ACRPassword
}
