package mfa

import (
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Ages reports whether a class is one that is told for [Policy.AssuranceAge] only:
// every class of ours that is worth more than one factor.
func Ages(acr string) bool { return rank(acr) > rank(ACRPassword) }

// Aged is [Level] at now, for whoever relies on it: a class that rests on proofs
// older than AssuranceAge is told as [ACRPassword], with the methods that were used
// (NIST SP 800-63B-4 section 4.2.3: AAL2 ends with the reauthentication timeout).
func (p Policy) Aged(proofs []storage.Proof, since, now time.Time) storage.Authentication {
	reached := Level(proofs, since, p)
	if !Ages(reached.ACR) || p.AssuranceAge <= 0 {
		return reached
	}
	if oldest := now.Add(-p.AssuranceAge); reached.Time.Before(oldest) {
		if oldest.Before(since) {
			oldest = since
		}
		if young := Level(proofs, oldest, p); Ages(young.ACR) {
			return young
		}
		var used []storage.Proof
		for _, proof := range proofs {
			if !proof.At.Before(since) {
				used = append(used, proof)
			}
		}
		reached.ACR, reached.AMR = ACRPassword, methods(used, false)
	}
	return reached
}
