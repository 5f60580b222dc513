"""The office's pages: releases in review, quarantine, delays; for the machine's own user alone."""
