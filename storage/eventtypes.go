package storage

// EventTypes returns every type of security event.
func EventTypes() []EventType {
	return []EventType{
		EventSignIn, EventSignOut, EventGrantIssued, EventGrantRevoked, EventTokenExchanged, EventTokenByAssertion, EventRefreshReuse, EventCodeReplay, EventConsentGranted,
		EventUserCreated, EventSigningKeyRotated, EventSigningKeyRevoked, EventAccessTokenRevoked, EventSignInFailed, EventThrottled,
		EventSignUpRequested, EventEmailVerified, EventResetRequested, EventPasswordChanged, EventPasswordUpgraded,
		EventEmailChangeAsked, EventEmailChanged, EventEmailChangeUndone, EventAccountRecovered, EventPhoneChanged, EventProfileChanged,
		EventRolesChanged, EventGroupCreated, EventGroupChanged, EventGroupDeleted, EventGroupJoined, EventGroupLeft, EventSessionEnded,
		EventSessionsEnded, EventApplicationRevoked, EventDataExported, EventDeletionPlanned, EventDeletionCancelled, EventUserDeleted,
		EventUserDisabled, EventUserEnabled, EventLockedDown, EventLockdownLifted, EventEverybodyLocked, EventUserImported, EventUserAdopted, EventInvitationCreated, EventInvitationRevoked,
		EventMessageFailed, EventDeliveriesRetried, EventEventsReplayed, EventEpochRaised, EventClientRemoved, EventClientRestored, EventClientPruned, EventClientLocked, EventClientUnlocked, EventSecretsResealed,
		EventClientRegistered, EventClientChanged, EventClientDeleted, EventRegistrationTokenCreated, EventRegistrationTokenRevoked,
		EventFactorPassed,
		EventFactorFailed, EventFactorLocked, EventFactorUnlocked, EventFactorAdded, EventFactorRenamed, EventFactorRemoved,
		EventFactorsReset, EventRecoveryReplaced, EventRecoveryUsed, EventPasskeyCloned, EventDeviceTrusted, EventDeviceTrustUsed,
		EventDeviceForgotten, EventAttemptRefused, EventAccessRefused, EventChangeRefused, EventAdminRead,
	}
}
