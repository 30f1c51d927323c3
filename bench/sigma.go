package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	sigmaRounds     = 5
	sigmaSignatures = 60 // of each core in a round
)

// measureSigma gives the CPU of one RSA-2048 signature: the median of some
// rounds in which every core signs, because that is how the server finds them.
func measureSigma() (time.Duration, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return 0, err
	}
	digest := sha256.Sum256([]byte("σ"))
	cores := runtime.NumCPU()
	rounds := make([]float64, sigmaRounds)
	for i := range rounds {
		before := ownCPU()
		var signers sync.WaitGroup
		for range cores {
			signers.Go(func() {
				for range sigmaSignatures {
					_, _ = rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]) // of a good key it cannot fail
				}
			})
		}
		signers.Wait()
		rounds[i] = float64(ownCPU()-before) / float64(cores*sigmaSignatures)
	}
	return time.Duration(median(rounds)), nil
}

// ownCPU is the CPU of this process, in microseconds' steps.
func ownCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // of oneself it cannot fail
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
