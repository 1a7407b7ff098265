"""The connect form: a customer links an account within a connect session.

`shell.py` sends the page, which holds no secret and asks nobody who they are. Its script has the
session's token, from the page that frames it or from the link, and asks `screens.py` for what to show and
`attempts.py` to connect. What is shown is drawn here, from the definition alone.
"""
