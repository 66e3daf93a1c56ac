"""Letters that come back, as mail servers write them (RFC 3464)."""

RFC_3464 = """\
Date: Thu, 7 Jul 1994 17:16:05 -0400
From: Mail Delivery Subsystem <MAILER-DAEMON@CS.UTK.EDU>
Message-Id: <199407072116.RAA14128@CS.UTK.EDU>
Subject: Returned mail: Cannot send message for 5 days
To: <owner-info-mime@cs.utk.edu>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="RAA14128.773615765/CS.UTK.EDU"

--RAA14128.773615765/CS.UTK.EDU

The original message was received at Sat, 2 Jul 1994 17:10:28 -0400
from root@localhost

--RAA14128.773615765/CS.UTK.EDU
content-type: message/delivery-status

Reporting-MTA: dns; cs.utk.edu

Original-Recipient: rfc822;louisl@larry.slip.umd.edu
Final-Recipient: rfc822;louisl@larry.slip.umd.edu
Action: failed
Status: 4.0.0
Diagnostic-Code: smtp; 426 connection timed out
Last-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400

--RAA14128.773615765/CS.UTK.EDU
content-type: message/rfc822

[original message goes here]

--RAA14128.773615765/CS.UTK.EDU--
"""
"""After the first example that the standard prints (appendix E), its transcript left out."""


def report(*recipients: tuple[str, str, str]) -> bytes:
    """Action, status and diagnostic code of each recipient."""
    blocks = "".join(
        f"\r\nFinal-Recipient: rfc822; lin@example.com\r\nAction: {action}\r\nStatus: {status}\r\n"
        + (f"Diagnostic-Code: {words}\r\n" if words else "")
        for action, status, words in recipients
    )
    return (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"\r\n\r\n'
        "--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        f"--=_b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n{blocks}"
        "\r\n--=_b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: x\r\n--=_b--\r\n"
    ).encode()
