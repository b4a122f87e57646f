"""The door: who has to sign in does so here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.access import may_use
from stockstream.app.parts.text import plain
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from stockstream.settings import AppSettings

__all__ = ["is_let_in", "way_out"]


def is_let_in() -> bool:
    """Whether the page may be shown; else what to do is shown in its place."""
    settings = load_settings().app
    if not settings.has_login:
        return True
    if not st.user.is_logged_in:
        st.title("stockstream", anchor=False)
        st.button("Sign in", key="sign-in", type="primary", on_click=st.login)
        return False
    mail = str(st.user.get("email", ""))
    if may_use(settings, mail, is_verified=bool(st.user.get("email_verified", False))):
        return True
    st.error(f"{plain(mail)} may not use this page. Whoever runs it can add you to app.people.")
    st.button("Sign out", key="sign-out", on_click=st.logout)
    return False


def way_out(settings: AppSettings) -> None:
    """Who has signed in, and the way out; nothing where nobody does."""
    if settings.has_login:
        st.caption(plain(str(st.user.get("email", ""))))
        st.button("Sign out", key="sign-out", on_click=st.logout, icon=":material/logout:")
