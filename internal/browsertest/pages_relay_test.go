package browsertest_test

import (
	"net"
	"net/textproto"
	"strings"
	"testing"
)

// refusingRelay is a mail server that refuses every recipient for good; it
// gives its port.
func refusingRelay(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go refuse(textproto.NewConn(c))
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func refuse(c *textproto.Conn) {
	defer func() { _ = c.Close() }()
	for answer := "220 relay.test"; c.PrintfLine("%s", answer) == nil; {
		line, err := c.ReadLine()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case err != nil:
			return
		case verb == "RCPT":
			answer = "550 5.1.1 no such user"
		default:
			answer = "250 ok"
		}
	}
}
