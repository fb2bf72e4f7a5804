"""What is known of one repository: its git state and history, its files, documents and code, where it lies.

Here: the nouns of a snapshot, and of places. Not here: how they are found (`core.repo`), and what two
repos share (`domain.link`).
"""
