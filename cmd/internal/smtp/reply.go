package smtp

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
)

// enhanced is an enhanced status code (RFC 3463) at the start of a reply.
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// failed makes an error of what a server replied, or of why it did not. Of a
// reply only the numbers are kept: its words tend to name the recipient.
func failed(step delivery.Step, err error) *delivery.Error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return delivery.Network(step, err)
	}
	reason := fmt.Sprintf("the server replied %d", reply.Code)
	if code := enhanced.FindString(reply.Msg); code != "" {
		reason += " " + code
	}
	return &delivery.Error{Step: step, Permanent: permanent(step, reply.Code), Reason: reason, Cause: err}
}

// permanent reports whether a reply is the last word on this message. A refusal
// before it is about the recipient is a fault of the set-up, which somebody
// will mend: until then every message waits.
func permanent(step delivery.Step, code int) bool {
	return code >= 500 && (step == delivery.StepRecipient || step == delivery.StepData)
}
