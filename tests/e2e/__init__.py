"""The whole product as processes: the real launcher, the real servers, the fake YouTube."""
