from imaplib import IMAP4

IMAPClientError = IMAP4.error
IMAPClientAbortError = IMAP4.abort

class CapabilityError(IMAP4.error): ...
class LoginError(IMAP4.error): ...
