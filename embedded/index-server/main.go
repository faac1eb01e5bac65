// Command imagegw-index is the private index of a gateway that has no MongoDB: FerretDB, which speaks the MongoDB
// wire protocol, over SQLite files in one directory.
//
// It listens on a Unix socket that only its own user can reach, or on the loopback. It prints one line,
// `ready <address>`, when it accepts connections, and logs warnings to standard error. It ends in order (writes that
// have begun are finished, SQLite is closed, exit status 0) on SIGTERM, on SIGINT, and when its standard input
// reaches its end: the parent holds the other end of that pipe, so the server does not outlive it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// stopLimit bounds the orderly end. SQLite survives worse; a client that does not read its response must not hold it up.
const stopLimit = 5 * time.Second

type options struct {
	data   string
	socket string
	listen string
	front  bool
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "`directory` of the SQLite files; made when missing")
	flag.StringVar(&o.socket, "socket", "", "`path` of the Unix socket to listen on")
	flag.StringVar(&o.listen, "listen", "", "loopback `address` to listen on, such as 127.0.0.1:0")
	flag.BoolVar(&o.front, "front", true, "pass writes one at a time (false only to show what it is for)")
	flag.Parse()

	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "imagegw-index:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.data == "" || (o.socket == "") == (o.listen == "") || flag.NArg() != 0 {
		return errors.New("usage: imagegw-index --data DIRECTORY (--socket PATH | --listen 127.0.0.1:PORT)")
	}

	// Nobody else reads what is written from here on: the socket, the SQLite files and their journals.
	syscall.Umask(0o077)

	lock, err := openData(o.data)
	if err != nil {
		return err
	}
	defer lock.Close()

	listener, err := listenerConfig(o)
	if err != nil {
		return err
	}

	config := &ferretdb.Config{
		Listener:  listener,
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: sqliteURL(o.data),
	}
	if o.front {
		config.Front = newFront().pass
	}

	server, err := ferretdb.New(config)
	if err != nil {
		return err
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	ctx, parentGone := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		parentGone()
	}()

	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()

	fmt.Println("ready", address(o, server))
	<-ctx.Done()

	select {
	case err = <-ended:
		return err
	case <-time.After(stopLimit):
		return fmt.Errorf("a command did not end within %s of the request to stop", stopLimit)
	}
}

// openData makes the directory and takes its lock, which the kernel releases however this process ends:
// two servers on the same files would each let its own writer through.
func openData(directory string) (*os.File, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}

	lock, err := os.OpenFile(filepath.Join(directory, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}

	if err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("another index server works on %s: %w", directory, err)
	}

	return lock, nil
}

// listenerConfig checks where to listen. A socket left behind by a server that was killed is removed: the lock on
// the data tells that it has gone.
func listenerConfig(o options) (ferretdb.ListenerConfig, error) {
	if o.socket != "" {
		if err := os.Remove(o.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
			return ferretdb.ListenerConfig{}, err
		}

		return ferretdb.ListenerConfig{Unix: o.socket}, nil
	}

	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return ferretdb.ListenerConfig{}, err
	}

	// The server asks nobody for a password.
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return ferretdb.ListenerConfig{}, fmt.Errorf("%s is not a loopback address", o.listen)
	}

	return ferretdb.ListenerConfig{TCP: o.listen}, nil
}

// sqliteURL names the directory in the form that FerretDB wants: an URI that ends with a slash.
func sqliteURL(directory string) string {
	absolute, err := filepath.Abs(directory)
	if err != nil {
		absolute = directory
	}

	return (&url.URL{Scheme: "file", Path: absolute + "/", OmitHost: true}).String()
}

// address is where clients find the server; the port that the kernel chose is known only now.
func address(o options, server *ferretdb.FerretDB) string {
	if o.socket != "" {
		return o.socket
	}

	u, err := url.Parse(server.MongoDBURI())
	if err != nil {
		return o.listen
	}

	return u.Host
}
