package browser

import (
	"encoding/json"
	"fmt"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// imported is somebody who came along from another system, with a phone.
func (s *site) imported() (p *person, phone string) {
	s.t.Helper()
	p = stranger()
	phone = fmt.Sprintf("+49301%06d", people.Add(1))
	hash, err := bcrypt.GenerateFromPassword([]byte(p.password), bcrypt.MinCost)
	if err != nil {
		s.t.Fatal(err)
	}
	line, err := json.Marshal(map[string]any{
		"email": p.email, "email_verified": true, "phone": phone, "phone_verified": true, "password_hash": string(hash),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Command(string(line)+"\n", "user", "import", "--format", "jsonl", "-", "--apply")
	return p, phone
}

// TestCodesByEmailAndSMS signs in with each, and changes from one to the other.
func TestCodesByEmailAndSMS(t *testing.T) {
	t.Parallel()
	s, app := startFactors(t, settings{"mfa": settings{"required": "always", "factors": []string{"email", "sms"}}})
	s.each(t, crossed, func(t *testing.T, b *tab) {
		ada, phone := s.imported()
		b.get(app.at("vault"))
		b.signIn(ada)
		b.at("/factor") // the better way first, which sends at once
		sent := len(b.messages(phone))
		b.factor("email")
		code := b.message(ada.email, "code").Code
		b.answer(other(code))
		b.says("code-error", "")
		b.answer(code)
		b.proved("mfa", "mfa", "otp", "pwd")
		b.follow("#leave")

		b.get(app.at("vault"))
		b.signIn(ada)
		texts := b.messages(phone)
		if len(texts) != sent+1 || texts[0].Channel != "sms" {
			b.fatalf("sent to %s: %+v", phone, texts)
		}
		b.answer(code) // of the other way
		b.says("code-error", "")
		b.answer(texts[0].Code)
		b.proved("mfa", "mfa", "pwd", "sms")
	})
}

// other is another code than that.
func other(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}
