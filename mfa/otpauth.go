package mfa

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
)

// otpauthURI spells a TOTP secret in the Key URI format of authenticator apps.
// Its issuer stands in the label and in a parameter, as the format advises, and
// a space is %20: some apps show a + as it is.
func otpauthURI(issuer, account, secret string) string {
	// A colon divides the label.
	issuer = strings.ReplaceAll(issuer, ":", " ")
	query := url.Values{
		"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"},
		"digits": {fmt.Sprint(codeDigits)}, "period": {fmt.Sprint(int(totpPeriod / time.Second))},
	}
	label := url.PathEscape(issuer) + ":" + url.PathEscape(account)
	return "otpauth://totp/" + label + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

const (
	qrSize = 256
	// qrMargin keeps the quiet zone of four modules that readers need, whatever
	// the colour of the page.
	qrMargin = 32
)

// qrCode draws the URI as a PNG image in a data URL.
func qrCode(uri string) (string, error) {
	key, err := otp.NewKeyFromURL(uri)
	if err != nil {
		return "", fmt.Errorf("read otpauth URI: %w", err)
	}
	code, err := key.Image(qrSize, qrSize)
	if err != nil {
		return "", fmt.Errorf("draw QR code: %w", err)
	}
	black := color.Palette{color.White, color.Black}
	framed := image.NewPaletted(image.Rect(0, 0, qrSize+2*qrMargin, qrSize+2*qrMargin), black)
	draw.Draw(framed, image.Rect(qrMargin, qrMargin, qrMargin+qrSize, qrMargin+qrSize), code, code.Bounds().Min, draw.Src)
	var buf bytes.Buffer
	if err := png.Encode(&buf, framed); err != nil {
		return "", fmt.Errorf("encode QR code: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(buf.Bytes()), nil
}
